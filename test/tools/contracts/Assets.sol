// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";

/// A currency that minters mint, with permits (ERC-2612) and several calls in one transaction.
contract Currency is ERC20, ERC20Permit, AccessControl, Multicall {
    bytes32 public constant MINTER = keccak256("MINTER");

    constructor(address admin) ERC20("Harbour Dollar", "HBD") ERC20Permit("Harbour Dollar") {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    function mint(address to, uint256 amount) external onlyRole(MINTER) {
        _mint(to, amount);
    }
}

/// Bills of lading: one of each.
contract Bill is ERC721("Bill of Lading", "BOL") {
    function issue(address to, uint256 id) external {
        _safeMint(to, id);
    }
}

/// Many kinds of goods.
contract Goods is ERC1155("https://example.org/goods/{id}.json") {
    function stock(address to, uint256[] calldata ids, uint256[] calldata amounts) external {
        _mintBatch(to, ids, amounts, "");
    }
}
