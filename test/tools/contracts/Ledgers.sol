// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {OwnableUpgradeable} from "./OwnableSlot.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

contract LedgerV1 is UUPSUpgradeable, OwnableUpgradeable {
    uint256 public entries;

    function initialize(address owner) external {
        _setOwner(owner);
    }

    function add() external {
        entries += 1;
    }

    function version() external pure virtual returns (string memory) {
        return "one";
    }

    function _authorizeUpgrade(address) internal view override onlyOwner {}
}

contract LedgerV2 is LedgerV1 {
    function version() external pure override returns (string memory) {
        return "two";
    }
}

contract Proxy is ERC1967Proxy {
    constructor(address implementation, bytes memory data) ERC1967Proxy(implementation, data) {}
}
