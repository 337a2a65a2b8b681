// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// A token with nothing but what ERC-20 asks for.
contract Token {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    error InsufficientBalance(address from, uint256 balance, uint256 needed);

    string public constant name = "Test";
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    constructor(uint256 supply) {
        totalSupply = supply;
        balanceOf[msg.sender] = supply;
        emit Transfer(address(0), msg.sender, supply);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        require(allowance[from][msg.sender] >= value, "allowance is too low");
        allowance[from][msg.sender] -= value;
        _move(from, to, value);
        return true;
    }

    function _move(address from, address to, uint256 value) private {
        uint256 balance = balanceOf[from];
        if (balance < value) revert InsufficientBalance(from, balance, value);
        balanceOf[from] = balance - value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}

contract Child {
    uint256 public immutable tag;

    constructor(uint256 tag_) payable {
        tag = tag_;
    }
}

/// Everything else that the tests look at.
contract Probe {
    event Seen(uint256 indexed number, bytes32 indexed randao, uint256 time);

    uint256 public counter;
    mapping(uint256 => uint256) public slots;

    function environment() external view returns (uint256, uint256, uint256, address, uint256, uint256, bytes32, uint256, uint256) {
        return (block.number, block.timestamp, block.prevrandao, block.coinbase, tx.gasprice, block.basefee, blockhash(block.number - 1), block.chainid, block.gaslimit);
    }

    function see() external {
        emit Seen(block.number, bytes32(block.prevrandao), block.timestamp);
    }

    function create2(bytes32 salt, uint256 tag) external returns (address) {
        return address(new Child{salt: salt}(tag));
    }

    function set(uint256 slot, uint256 value) external {
        slots[slot] = value;
    }

    function clear(uint256 from, uint256 to) external {
        for (uint256 i = from; i < to; i++) delete slots[i];
    }

    function fill(uint256 from, uint256 to) external {
        for (uint256 i = from; i < to; i++) slots[i] = i + 1;
    }

    function fail(string calldata why) external pure {
        revert(why);
    }

    function panic() external pure returns (uint256) {
        uint256[] memory none = new uint256[](0);
        return none[1];
    }

    /// The inner call's writes are undone, the outer one's stay.
    function tryInner() external {
        counter++;
        try this.writeAndFail() {
            counter += 100;
        } catch {
            counter++;
        }
    }

    function writeAndFail() external {
        counter += 1000;
        revert("inner");
    }

    function recover(bytes32 digest, uint8 v, bytes32 r, bytes32 s) external pure returns (address) {
        return ecrecover(digest, v, r, s);
    }

    function burn(uint256 rounds) external {
        for (uint256 i = 0; i < rounds; i++) counter = uint256(keccak256(abi.encode(counter, i)));
    }

    /// Calls a precompile; says whether it succeeded and what came back.
    function precompile(address at, bytes calldata input) external returns (bool, bytes memory) {
        counter++;
        return at.call{gas: 1_000_000}(input);
    }

    /// Calls itself as deep as gas allows.
    function dive(uint256 depth) external returns (uint256) {
        counter++;
        try this.dive{gas: gasleft() - gasleft() / 64}(depth + 1) returns (uint256 deeper) {
            return deeper;
        } catch {
            return depth;
        }
    }

    /// Creates and destroys a contract in one transaction (EIP-6780).
    function flash() external payable returns (address) {
        return address(new Flash{value: msg.value}(payable(msg.sender)));
    }
}

contract Flash {
    uint256 private mark = 1;

    constructor(address payable heir) payable {
        selfdestruct(heir);
    }
}
