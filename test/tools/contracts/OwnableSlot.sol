// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// An owner that is set once, for contracts behind a proxy.
abstract contract OwnableUpgradeable {
    error NotOwner(address caller);
    error HasOwner();

    address public owner;

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }

    function _setOwner(address to) internal {
        if (owner != address(0)) revert HasOwner();
        owner = to;
    }
}
