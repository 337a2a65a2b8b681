// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRecords} from "IRecords.sol";

/// Calls Records in each way that a contract can.
contract Recorder {
    IRecords private constant RECORDS = IRecords(0x00000000000000000000000000000000005e1e03);

    event Gas(uint256 used);

    constructor() payable {}

    function anchor(bytes32 key, string calldata uri) external returns (uint64 index) {
        uint256 before = gasleft();
        index = RECORDS.put(key, uri);
        emit Gas(before - gasleft());
    }

    function anchorAll(bytes32[] calldata keys, string[] calldata uris) external returns (uint64[] memory) {
        return RECORDS.putBatch(keys, uris);
    }

    function anchorAndRevert(bytes32 key) external {
        RECORDS.put(key, "undone");
        revert("after all not");
    }

    /// One record stays, one is undone with the frame around it.
    function anchorAround(bytes32 key) external {
        RECORDS.put(key, "before");
        try this.anchorAndRevert(key) {} catch {}
        RECORDS.put(key, "after");
    }

    function look(bytes32 key, address by) external view returns (uint64 count, IRecords.Record[] memory all, bool found, uint64 index, uint64 height) {
        count = RECORDS.count(key);
        all = RECORDS.history(key, 0, type(uint64).max);
        (found, index, , height) = RECORDS.verify(key, by);
    }

    /// kind: 0 STATICCALL, 1 DELEGATECALL, 2 CALLCODE, 3 CALL with value, 4 CALL with little gas.
    function refused(uint256 kind, bytes32 key) external returns (bool ok, bytes memory answer) {
        address records = address(RECORDS);
        bytes memory data = abi.encodeCall(IRecords.put, (key, "refused"));
        if (kind == 0) return records.staticcall(data);
        if (kind == 1) return records.delegatecall(data);
        if (kind == 3) return records.call{value: 1}(data);
        if (kind == 4) return records.call{gas: 5999}(data);
        assembly {
            ok := callcode(gas(), records, 0, add(data, 32), mload(data), 0, 0)
            answer := mload(0x40)
            mstore(answer, returndatasize())
            returndatacopy(add(answer, 32), 0, returndatasize())
            mstore(0x40, and(add(add(answer, returndatasize()), 63), not(31)))
        }
    }

    function codeSize() external view returns (uint256) {
        return address(RECORDS).code.length;
    }
}
