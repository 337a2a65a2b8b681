// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium, IPermissions} from "./Interfaces.sol";

/// @title Which accounts may transact and deploy, and what those with roles may call.
/// @notice Lives at 0x00000000000000000000000000000000005e1e02 since height 0. Every validator reads this storage at each
/// transaction's place in the block; a block with a forbidden transaction is invalid. Only the transaction itself is looked at
/// (sender, `to`, first four bytes): a role on a proxy or a multicall grants whatever that can reach.
/// @dev The order of the state variables and the bits of a word are read by the validators.
contract Permissions is IPermissions {
    address private constant CONSORTIUM = 0x00000000000000000000000000000000005E1e01;

    uint256 private constant TRANSACT = 1;
    uint256 private constant DEPLOY = 2;
    uint256 private constant ONLY_ROLES = 4;
    uint256 private constant OFFICIAL = 8;
    uint256 private constant ASKED = 16;
    uint256 private constant MEMBER_AT = 8;
    uint256 private constant ROLES_AT = 64;
    uint256 private constant MAX_ROLES = 6;
    uint256 private constant ROLES_MASK = type(uint256).max << 64;

    // Slot 0. The revision rises with every change. While `ruled` is 0, an open chain refuses nobody: it counts the accounts that
    // have a word and are no member's own, and the members that have left.
    uint8 public access;
    uint64 public revision;
    uint64 public ruled;
    uint32 public roleCount;
    // Slot 1.
    mapping(address account => uint256 word) private _words;
    // Slot 2.
    mapping(uint32 member => uint256) private _left;
    // Slot 3: member + 1.
    mapping(uint32 role => uint256) private _roleOwners;
    // Slot 4: target << 40 | call.
    mapping(uint32 role => mapping(uint256 call => uint256)) private _allowed;

    modifier onlyConsortium() {
        if (msg.sender != CONSORTIUM) revert OnlyConsortium();
        _;
    }

    /// @inheritdoc IPermissions
    function wordOf(address account) external view returns (uint256) {
        return _words[account];
    }

    /// @inheritdoc IPermissions
    function allows(uint32 role, address target, uint40 call) external view returns (bool) {
        return _allowed[role][_callKey(target, call)] != 0;
    }

    /// @inheritdoc IPermissions
    function join(uint32 member) external {
        uint256 word = _words[msg.sender];
        if (word != 0 && word & ASKED == 0) revert NotYours(msg.sender);
        _write(msg.sender, ASKED | (uint256(member) << MEMBER_AT));
        emit Joined(msg.sender, member);
    }

    /// @inheritdoc IPermissions
    function setAccount(address account, bool mayTransact, bool mayDeploy, bool onlyRoles) external {
        uint32 member = _administrating();
        uint256 word = _words[account];
        bool isMine = word != 0 && word & (OFFICIAL | ASKED) == 0 && _memberOf(word) == member;
        if (!isMine) {
            bool asked = word & ASKED != 0 && _memberOf(word) == member;
            // Whom nobody has bound may be bound unasked where it could do nothing before. Who has left a member that is gone, as well.
            bool isFree = word == 0 || word & ASKED != 0 || _left[_memberOf(word)] != 0;
            if (!isFree) revert NotYours(account);
            if (!asked && access == 0) revert Unasked(account);
        }
        uint256 rights = (mayTransact ? TRANSACT : 0) | (mayDeploy ? DEPLOY : 0) | (onlyRoles ? ONLY_ROLES : 0);
        _write(account, rights | _bound(member) | (isMine ? word & ROLES_MASK : 0));
        emit AccountSet(account, member, mayTransact, mayDeploy, onlyRoles);
    }

    /// @inheritdoc IPermissions
    function releaseOwn(address account) external {
        _requireMine(account, _administrating());
        _write(account, 0);
        emit AccountReleased(account);
    }

    /// @inheritdoc IPermissions
    function createRole(string calldata name) external returns (uint32 role) {
        uint32 member = _administrating();
        role = ++roleCount;
        _roleOwners[role] = uint256(member) + 1;
        emit RoleCreated(role, member, name);
    }

    /// @inheritdoc IPermissions
    function allow(uint32 role, address target, uint40 call, bool allowed) external {
        _requireRole(role, _administrating());
        _allowed[role][_callKey(target, call)] = allowed ? 1 : 0;
        revision++;
        emit FunctionAllowed(role, target, call, allowed);
    }

    /// @inheritdoc IPermissions
    function grant(address account, uint32 role, bool granted) external {
        uint32 member = _administrating();
        _requireRole(role, member);
        uint256 word = _requireMine(account, member);
        uint256 roles = word >> ROLES_AT;
        uint256 kept = granted ? role : 0;
        uint256 count = granted ? 1 : 0;
        for (uint256 i = 0; i < MAX_ROLES; i++) {
            uint256 one = (roles >> (32 * i)) & type(uint32).max;
            if (one == 0 || one == role) continue;
            if (count == MAX_ROLES) revert TooManyRoles(account);
            kept |= one << (32 * count++);
        }
        _write(account, (word & ~ROLES_MASK) | (kept << ROLES_AT));
        emit RoleGranted(account, role, granted);
    }

    /// @inheritdoc IPermissions
    function setOfficial(address account, uint32 member, bool isOfficial) external onlyConsortium {
        uint256 word = _words[account];
        // Nobody takes another member's account by naming it as its own.
        bool isFree = word == 0 || word & ASKED != 0 || _memberOf(word) == member || _left[_memberOf(word)] != 0;
        if (!isFree) revert NotYours(account);
        _write(account, isOfficial ? TRANSACT | DEPLOY | OFFICIAL | _bound(member) : 0);
        emit OfficialChanged(account, member, isOfficial);
    }

    /// @inheritdoc IPermissions
    function memberLeft(uint32 member) external onlyConsortium {
        _left[member] = 1;
        ruled++;
        revision++;
    }

    /// @inheritdoc IPermissions
    function setAccess(uint8 access_) external onlyConsortium {
        if (access_ > 1) revert BadAccess(access_);
        access = access_;
        revision++;
        emit AccessChanged(access_);
    }

    /// @inheritdoc IPermissions
    function release(address account) external onlyConsortium {
        if (_words[account] & OFFICIAL != 0 && _left[_memberOf(_words[account])] == 0) revert NotYours(account);
        _write(account, 0);
        emit AccountReleased(account);
    }

    function _administrating() private view returns (uint32) {
        (bool found, uint32 id) = IConsortium(CONSORTIUM).administrates(msg.sender);
        if (!found) revert NotAdministrator(msg.sender);
        return id;
    }

    function _requireMine(address account, uint32 member) private view returns (uint256 word) {
        word = _words[account];
        if (word == 0 || word & (OFFICIAL | ASKED) != 0 || _memberOf(word) != member) revert NotYours(account);
    }

    function _requireRole(uint32 role, uint32 member) private view {
        if (_roleOwners[role] != uint256(member) + 1) revert NotYourRole(role);
    }

    function _write(address account, uint256 word) private {
        uint256 before = _words[account];
        if (!_rules(before) && _rules(word)) ruled++;
        if (_rules(before) && !_rules(word)) ruled--;
        _words[account] = word;
        revision++;
    }

    /// @dev Governance and operations accounts of present members are never refused.
    function _rules(uint256 word) private pure returns (bool) {
        return word != 0 && word & OFFICIAL == 0;
    }

    function _memberOf(uint256 word) private pure returns (uint32) {
        return uint32(word >> MEMBER_AT);
    }

    /// @dev Bit 5 makes the word of a bound account other than zero, whatever its rights.
    function _bound(uint32 member) private pure returns (uint256) {
        return (uint256(member) << MEMBER_AT) | 32;
    }

    function _callKey(address target, uint40 call) private pure returns (uint256) {
        return (uint256(uint160(target)) << 40) | call;
    }
}
