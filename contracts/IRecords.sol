// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title Records: who put which hash on record, and when
/// @notice Native contract at 0x00000000000000000000000000000000005e1e03 of every chain, from its first block on.
/// @dev Gas of each function is given in docs/spec/records.md and is the same for transactions and for calls of contracts, which
/// pay the price of the call itself beside it. Writes are refused within a static call; DELEGATECALL and CALLCODE are refused.
interface IRecords {
    /// @notice One entry in the history of a key.
    /// @param by the account that put it: the sender of the transaction, or the contract that called
    /// @param height the block
    struct Record {
        address by;
        uint64 height;
    }

    /// @notice A record was put. The URI stands here only; a receipt proves it.
    event RecordPut(bytes32 indexed key, address indexed by, uint64 index, string uri);

    /// @notice Puts a record under a key, usually a document's hash. None is ever changed or removed.
    /// @param uri where the document is found, or anything else; at most 8,192 bytes
    /// @return index among the records of the key, from 0
    function put(bytes32 key, string calldata uri) external returns (uint64 index);

    /// @notice Puts several, all or none; a key may come more than once.
    /// @return indices in the order of the keys
    function putBatch(bytes32[] calldata keys, string[] calldata uris) external returns (uint64[] memory indices);

    /// @notice How many records the key has.
    function count(bytes32 key) external view returns (uint64);

    /// @notice One record; reverts where there is none with this index.
    function get(bytes32 key, uint64 index) external view returns (address by, uint64 height);

    /// @notice The records of a key from an index on, oldest first: at most `limit`, fewer where there are no more.
    function history(bytes32 key, uint64 from, uint64 limit) external view returns (Record[] memory records);

    /// @notice The first record of a key, or the first by one account. Anybody may put a record under any key, so what counts is
    /// the first by an account that one knows.
    /// @param by whose record is looked for; zero for anybody's
    /// @return found whether there is one; if not, all else is zero
    function verify(bytes32 key, address by) external view returns (bool found, uint64 index, address account, uint64 height);
}
