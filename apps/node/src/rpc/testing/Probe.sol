// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// Does one thing of each kind that a JSON-RPC client has to read.
contract Probe {
    error TooSmall(uint256 given, uint256 least);

    event Stored(address indexed who, uint256 indexed value, string note);

    uint256 public value;

    constructor(uint256 initial) payable {
        value = initial;
    }

    function store(uint256 next, string calldata note) external returns (uint256 previous) {
        previous = value;
        value = next;
        emit Stored(msg.sender, next, note);
    }

    function refuse() external pure {
        revert("not today");
    }

    function atLeast(uint256 given) external pure returns (bool) {
        if (given < 10) revert TooSmall(given, 10);
        return true;
    }

    function divide(uint256 by) external view returns (uint256) {
        return value / by;
    }

    function storeOrRefuse(uint256 next) external {
        if (next < 10) revert TooSmall(next, 10);
        value = next;
    }

    function environment() external view returns (uint256 number, uint256 timestamp, uint256 randao, uint256 price, bytes32 below) {
        return (block.number, block.timestamp, block.prevrandao, tx.gasprice, blockhash(block.number - 1));
    }
}
