// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Its code is within 200 bytes of the most that EIP-170 allows (24,576 bytes): the rest is text, filled in by the test.
contract Large {
    function text() external pure returns (bytes memory) {
        return unicode"FILLING";
    }
}
