// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

contract Child {
    uint256 public immutable number;

    constructor(uint256 n) {
        require(n != 13, "not thirteen");
        number = n;
    }

    function leave(address payable to) external {
        selfdestruct(to);
    }
}

/// What clients decode: reasons, errors, panics, events of every shape; and what a chain tells contracts.
contract Oddities {
    error Refused(address who, uint256 code, string why);

    event Plain(uint256 value);
    event Indexed(uint256 indexed number, address indexed who, bytes32 indexed word, string text);
    event Hashed(string indexed text, bytes data);
    event Nameless(uint256 indexed a, uint256 b) anonymous;
    event Made(address child, bytes32 salt);

    mapping(uint256 => uint256) public slots;
    uint256[] public list;

    receive() external payable {}

    function set(uint256 key, uint256 value) external {
        slots[key] = value;
    }

    function clear(uint256 from, uint256 to) external {
        for (uint256 key = from; key < to; key++) delete slots[key];
    }

    function push(uint256 value) external returns (uint256) {
        list.push(value);
        return list.length;
    }

    function events(uint256 number, string calldata text) external {
        emit Plain(number);
        emit Indexed(number, msg.sender, keccak256(bytes(text)), text);
        emit Hashed(text, bytes(text));
        emit Nameless(number, number + 1);
    }

    function make(bytes32 salt, uint256 number) external returns (address child) {
        child = address(new Child{salt: salt}(number));
        emit Made(child, salt);
    }

    function makePlain(uint256 number) external returns (address child) {
        child = address(new Child(number));
        emit Made(child, 0);
    }

    function withReason(string calldata why) external pure {
        revert(why);
    }

    function withError(uint256 code, string calldata why) external view {
        revert Refused(msg.sender, code, why);
    }

    function withNothing() external pure {
        revert();
    }

    function panics(uint256 kind) external view returns (uint256) {
        if (kind == 1) assert(false);
        if (kind == 17) return type(uint256).max + kind;
        if (kind == 18) return kind / (kind - 18);
        if (kind == 50) return list[type(uint128).max];
        return kind;
    }

    function burn(uint256 rounds) external view returns (uint256 sum) {
        for (uint256 i = 0; i < rounds; i++) sum = uint256(keccak256(abi.encode(sum, i, address(this))));
    }

    function forever() external pure {
        while (true) {}
    }

    function caught(uint256 kind) external view returns (bytes memory) {
        try this.panics(kind) returns (uint256 value) {
            return abi.encode(value);
        } catch (bytes memory data) {
            return data;
        }
    }

    function surroundings() external view returns (uint256 chainId, uint256 baseFee, uint256 gasPrice, address coinbase, uint256 blobFee, uint256 balance, address origin) {
        return (block.chainid, block.basefee, tx.gasprice, block.coinbase, block.blobbasefee, address(this).balance, tx.origin);
    }

    function precompiles(bytes calldata data) external view returns (bytes32 sha, bytes20 ripemd, bytes memory same, address signer) {
        sha = sha256(data);
        ripemd = ripemd160(data);
        (, same) = address(4).staticcall(data);
        signer = ecrecover(keccak256(data), 27, bytes32(uint256(1)), bytes32(uint256(2)));
    }
}
