// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium, IPermissions} from "./Interfaces.sol";

/// @title Who rules a Stele chain: members, proposals and votes, validator nodes and the chain's parameters.
/// @notice Lives at 0x00000000000000000000000000000000005E1e01 since height 0; its first storage is written from genesis.
/// After each block every validator reads `_activeKeys`, the nodes' powers and the parameters from this storage: they are
/// those of the next height, as far as one block may change them (docs/spec/system-contracts.md).
/// @dev The order of the state variables is read by the validators. A changed order is a changed protocol.
contract Consortium is IConsortium {
    IPermissions private constant PERMISSIONS = IPermissions(0x00000000000000000000000000000000005e1e02);
    /// @dev Precompile: key[32] | signature[64] | message; answers one word, 1 where the key may be registered and has signed.
    address private constant ED25519 = 0x00000000000000000000000000000000005e1e10;
    /// @dev First byte of what a node's key signs to be bound; no other message of a node begins with it.
    bytes1 private constant BINDING = 0x12;
    uint256 private constant MAX_NODES = 200;
    uint64 private constant MAX_POWER = 1 << 40;
    /// @dev A binding must name a block that is at most so many below the one that holds the transaction.
    uint256 public constant MAX_BINDING_AGE = 128;
    uint32 private constant MIN_EXPIRY_SECONDS = 600;
    uint32 private constant MAX_EXPIRY_SECONDS = 366 days;
    uint32 private constant MIN_ROTATION_SECONDS = 60;
    /// @dev No interval or timeout is longer: the proposal that mends a slow chain must itself pass through the slow chain.
    uint256 private constant MAX_PACE_MS = 1 hours * 1000;
    /// @dev An idle chain still takes transactions at once, so that heartbeats may be rarer; timers hold no more than 2^31 ms.
    uint256 private constant MAX_HEARTBEAT_MS = 7 days * 1000;
    /// @dev The worst block of so much gas takes some 15 s; above, one proposal might take hours.
    uint256 private constant MAX_BLOCK_GAS = 1_000_000_000;

    // Slot 0. Revisions rise with every change that the validators must look at.
    uint64 public validatorsRevision;
    uint64 public paramsRevision;
    uint32 public memberCount;
    uint32 public activeMembers;
    uint16 public thresholdBps;
    uint32 public expirySeconds;
    bool public oneOwner;
    // Slot 1.
    bytes32 public genesisHash;
    // Slot 2. What replaces a system contract, and when.
    Upgrade private _upgrade;
    // Slots 3 and 4. u32 each from the low bits: minBlockIntervalMs, heartbeatIntervalMs, trailingBlocks, trailingIntervalMs,
    // proposeTimeoutMs, prevoteTimeoutMs, precommitTimeoutMs, timeoutDeltaMs; then maxBlockBytes u32, blockGasLimit u64, txGasLimit u64.
    uint256 private _paramsLow;
    uint256 private _paramsHigh;
    // Slot 5.
    bytes32[] private _activeKeys;
    // Slot 6.
    mapping(bytes32 key => Node) private _nodes;
    // Slot 7.
    mapping(uint32 id => Member) private _members;
    // Slots 8 and 9: id + 1.
    mapping(address account => uint32) private _governs;
    mapping(address account => uint32) private _operates;
    // Slots 10 and 11.
    uint256 public proposalCount;
    mapping(uint256 id => Proposal) private _proposals;
    // Slot 12. Of the code that the members have approved: what stands at the named account when the height begins may be another by then.
    bytes32 public upgradeCodeHash;

    modifier onlySelf() {
        if (msg.sender != address(this)) revert OnlyByProposal();
        _;
    }

    // ---- Reading ----

    /// @inheritdoc IConsortium
    function member(uint32 id) external view returns (Member memory) {
        if (id >= memberCount) revert NoSuchMember(id);
        return _members[id];
    }

    /// @inheritdoc IConsortium
    function node(bytes32 key) external view returns (Node memory) {
        return _nodes[key];
    }

    /// @inheritdoc IConsortium
    function activeKeys() external view returns (bytes32[] memory) {
        return _activeKeys;
    }

    /// @inheritdoc IConsortium
    function params() external view returns (uint256 low, uint256 high) {
        return (_paramsLow, _paramsHigh);
    }

    /// @inheritdoc IConsortium
    function pendingUpgrade() external view returns (Upgrade memory) {
        return _upgrade;
    }

    /// @inheritdoc IConsortium
    function proposal(uint256 id) external view returns (ProposalView memory) {
        Proposal storage p = _proposals[id];
        if (p.action.length == 0) revert NoSuchProposal(id);
        return ProposalView(p.proposer, p.expiresAt, p.state, _yesOf(p), p.action);
    }

    /// @inheritdoc IConsortium
    function administrates(address account) public view returns (bool found, uint32 id) {
        (found, id) = governs(account);
        if (found) return (true, id);
        uint32 stored = _operates[account];
        if (stored == 0 || !_members[stored - 1].active) return (false, 0);
        return (true, stored - 1);
    }

    /// @inheritdoc IConsortium
    function governs(address account) public view returns (bool found, uint32 id) {
        uint32 stored = _governs[account];
        if (stored == 0 || !_members[stored - 1].active) return (false, 0);
        return (true, stored - 1);
    }

    // ---- Proposals ----

    /// @inheritdoc IConsortium
    function propose(bytes calldata action) external returns (uint256 id) {
        uint32 by = _governing();
        if (action.length < 4 || action.length > 4096) revert BadAction();
        _requireKnown(bytes4(action[:4]));
        id = ++proposalCount;
        Proposal storage p = _proposals[id];
        p.proposer = by;
        p.expiresAt = uint64(block.timestamp) + expirySeconds;
        p.state = ProposalState.Open;
        p.action = action;
        emit Proposed(id, by, action, p.expiresAt);
        _vote(id, p, by, true);
    }

    /// @inheritdoc IConsortium
    function vote(uint256 id, bool yes) external {
        uint32 by = _governing();
        Proposal storage p = _proposals[id];
        if (p.action.length == 0) revert NoSuchProposal(id);
        if (p.state != ProposalState.Open) revert ProposalClosed(id, p.state);
        if (block.timestamp > p.expiresAt) revert ProposalExpired(id, p.expiresAt);
        _vote(id, p, by, yes);
    }

    function _vote(uint256 id, Proposal storage p, uint32 by, bool yes) private {
        if (yes && !p.yes[by]) p.voters.push(by);
        if (!yes && p.yes[by]) _forget(p.voters, by);
        p.yes[by] = yes;
        emit Voted(id, by, yes);
        if (uint256(_yesOf(p)) * 10_000 <= uint256(thresholdBps) * activeMembers) return;
        p.state = ProposalState.Passed;
        emit Passed(id);
        (bool done, bytes memory reason) = address(this).call(p.action);
        // The last vote fails with the reason, so that nothing passes that cannot be carried out.
        if (!done) assembly { revert(add(reason, 32), mload(reason)) }
    }

    /// @dev Members that have left since they voted do not count.
    function _yesOf(Proposal storage p) private view returns (uint32 count) {
        uint256 n = p.voters.length;
        for (uint256 i = 0; i < n; i++) if (_members[p.voters[i]].active) count++;
    }

    function _forget(uint32[] storage list, uint32 id) private {
        uint256 last = list.length - 1;
        for (uint256 i = 0; i < last; i++) if (list[i] == id) { list[i] = list[last]; break; }
        list.pop();
    }

    function _requireKnown(bytes4 selector) private pure {
        if (
            selector != this.admit.selector && selector != this.remove.selector && selector != this.change.selector && selector != this.setAccounts.selector &&
            selector != this.setRules.selector && selector != this.setParams.selector && selector != this.upgrade.selector && selector != this.setAccess.selector && selector != this.releaseAccount.selector
        ) revert BadAction();
    }

    // ---- What only a passed proposal does ----

    /// @inheritdoc IConsortium
    function admit(string calldata name, address governance, address operations, uint64 power, uint16 nodes) external onlySelf returns (uint32 id) {
        if (bytes(name).length == 0 || bytes(name).length > 320) revert BadName();
        _requirePower(power);
        id = memberCount++;
        activeMembers++;
        Member storage m = _members[id];
        m.active = true;
        m.power = power;
        m.nodesAllowed = nodes;
        m.name = name;
        _setGovernance(id, m, governance);
        _setOperations(id, m, operations);
        emit MemberAdmitted(id, name, governance, operations, power, nodes);
    }

    /// @inheritdoc IConsortium
    function remove(uint32 id) external onlySelf {
        Member storage m = _active(id);
        if (activeMembers == 1) revert LastMember();
        m.active = false;
        activeMembers--;
        delete _governs[m.governance];
        if (_operates[m.operations] == id + 1) delete _operates[m.operations];
        for (uint256 i = _activeKeys.length; i > 0; i--) {
            bytes32 key = _activeKeys[i - 1];
            if (_nodes[key].member == id) _retire(key);
        }
        m.nodeCount = 0;
        PERMISSIONS.memberLeft(id);
        emit MemberRemoved(id);
    }

    /// @inheritdoc IConsortium
    function change(uint32 id, uint64 power, uint16 nodes) external onlySelf {
        Member storage m = _active(id);
        _requirePower(power);
        if (nodes < m.nodeCount) revert TooManyNodes(m.nodeCount, nodes);
        if (power != m.power) {
            for (uint256 i = 0; i < _activeKeys.length; i++) {
                Node storage n = _nodes[_activeKeys[i]];
                if (n.member == id) n.power = power;
            }
            validatorsRevision++;
        }
        m.power = power;
        m.nodesAllowed = nodes;
        emit MemberChanged(id, power, nodes);
    }

    /// @inheritdoc IConsortium
    function setAccounts(uint32 id, address governance, address operations) external onlySelf {
        Member storage m = _active(id);
        _setGovernance(id, m, governance);
        _setOperations(id, m, operations);
    }

    /// @inheritdoc IConsortium
    function setRules(uint16 newThresholdBps, uint32 newExpirySeconds) external onlySelf {
        if (newThresholdBps < 5000 || newThresholdBps > 9999) revert BadRules();
        if (newExpirySeconds < MIN_EXPIRY_SECONDS || newExpirySeconds > MAX_EXPIRY_SECONDS) revert BadRules();
        thresholdBps = newThresholdBps;
        expirySeconds = newExpirySeconds;
        emit RulesChanged(newThresholdBps, newExpirySeconds);
    }

    /// @inheritdoc IConsortium
    function setParams(uint256 low, uint256 high) external onlySelf {
        uint256 u32 = type(uint32).max;
        // Heartbeat, propose, prevote and precommit timeouts are never 0.
        if ((low >> 32) & u32 == 0 || (low >> 128) & u32 == 0 || (low >> 160) & u32 == 0 || (low >> 192) & u32 == 0) revert BadParams();
        for (uint256 bit = 0; bit < 256; bit += 32) {
            // Trailing blocks are a number, not a time.
            if (bit != 64 && (low >> bit) & u32 > (bit == 32 ? MAX_HEARTBEAT_MS : MAX_PACE_MS)) revert BadParams();
        }
        uint256 maxBlockBytes = high & u32;
        uint256 blockGas = (high >> 32) & type(uint64).max;
        uint256 txGas = (high >> 96) & type(uint64).max;
        // Below these a chain could no longer take the proposals that would mend it, or a block of it takes too long to travel.
        if (high >> 160 != 0 || maxBlockBytes < 65_536 || maxBlockBytes > 32 * 1024 * 1024 || txGas < 4_000_000 || blockGas < txGas || blockGas > MAX_BLOCK_GAS) revert BadParams();
        _paramsLow = low;
        _paramsHigh = high;
        paramsRevision++;
        emit ParamsChanged(low, high);
    }

    /// @inheritdoc IConsortium
    function upgrade(address target, address code, bytes32 codeHash, uint64 height) external onlySelf {
        if (target != address(this) && target != address(PERMISSIONS)) revert BadUpgrade();
        if (code.code.length == 0 || code.codehash != codeHash || height <= block.number) revert BadUpgrade();
        _upgrade = Upgrade(height, target == address(this) ? 1 : 2, code);
        upgradeCodeHash = codeHash;
        emit UpgradePlanned(target, code, codeHash, height);
    }

    /// @inheritdoc IConsortium
    function setAccess(uint8 access) external onlySelf {
        PERMISSIONS.setAccess(access);
    }

    /// @inheritdoc IConsortium
    function releaseAccount(address account) external onlySelf {
        PERMISSIONS.release(account);
    }

    // ---- A member's own accounts and nodes ----

    /// @inheritdoc IConsortium
    function changeGovernance(address governance) external {
        uint32 id = _governing();
        _setGovernance(id, _members[id], governance);
    }

    /// @inheritdoc IConsortium
    function changeOperations(address operations) external {
        uint32 id = _governing();
        _setOperations(id, _members[id], operations);
    }

    /// @inheritdoc IConsortium
    function registerNode(bytes32 key, bytes calldata proof) external {
        uint32 id = _administrating();
        Member storage m = _members[id];
        if (m.nodeCount >= m.nodesAllowed) revert TooManyNodes(m.nodeCount, m.nodesAllowed);
        if (oneOwner && _nodes[_activeKeys[0]].member != id) revert OneOwnerOnly();
        if (_nodes[key].status != NodeStatus.None) revert KeyUsed(key);
        _requireSigned(id, key, 0, genesisHash, proof);
        m.nodeCount++;
        _nodes[key] = Node(id, m.power, NodeStatus.Registered, 0, uint48(block.number));
        emit NodeRegistered(id, key, m.power);
    }

    /// @inheritdoc IConsortium
    function activate(bytes32 key, uint64 height, bytes calldata proof) external {
        Node storage n = _nodes[key];
        if (n.status != NodeStatus.Registered) revert NotRegistered(key);
        Member storage m = _active(n.member);
        if (_activeKeys.length >= MAX_NODES) revert TooManyNodes(MAX_NODES, MAX_NODES);
        _requireSigned(n.member, key, height, _recent(height), proof);
        n.power = m.power;
        _enter(key, n);
    }

    /// @inheritdoc IConsortium
    function retireNode(bytes32 key) external {
        uint32 id = _administrating();
        Node storage n = _nodes[key];
        if (n.member != id || (n.status != NodeStatus.Registered && n.status != NodeStatus.Active)) revert NotRegistered(key);
        _members[id].nodeCount--;
        _retire(key);
    }

    /// @inheritdoc IConsortium
    function rotateNode(bytes32 oldKey, bytes32 newKey, uint64 height, bytes calldata proof) external {
        Node storage o = _nodes[oldKey];
        if (o.status != NodeStatus.Active) revert NotRegistered(oldKey);
        uint32 id = o.member;
        _requireRotator(id);
        if (_nodes[newKey].status != NodeStatus.None) revert KeyUsed(newKey);
        _requireSigned(id, newKey, height, _recent(height), proof);
        _nodes[newKey] = Node(id, o.power, NodeStatus.Active, o.index, uint48(block.number));
        _activeKeys[o.index] = newKey;
        o.status = NodeStatus.Retired;
        validatorsRevision++;
        emit NodeRotated(id, oldKey, newKey, msg.sender);
    }

    /// @inheritdoc IConsortium
    function delegateRotation(address operator, uint32 minSeconds) external {
        uint32 id = _governing();
        if (operator != address(0) && minSeconds < MIN_ROTATION_SECONDS) revert BadRules();
        Member storage m = _members[id];
        m.rotator = operator;
        m.rotatorMinSeconds = minSeconds;
        emit RotationDelegated(id, operator, minSeconds);
    }

    // ---- Inside ----

    function _requireRotator(uint32 id) private {
        (bool found, uint32 by) = administrates(msg.sender);
        if (found && by == id) return;
        Member storage m = _active(id);
        if (msg.sender != m.rotator) revert NotAdministrator(msg.sender);
        if (block.timestamp < uint256(m.lastRotation) + m.rotatorMinSeconds) revert RotatedTooSoon(m.lastRotation + m.rotatorMinSeconds);
        m.lastRotation = uint64(block.timestamp);
    }

    function _governing() private view returns (uint32) {
        (bool found, uint32 id) = governs(msg.sender);
        if (!found) revert NotGovernance(msg.sender);
        return id;
    }

    function _administrating() private view returns (uint32) {
        (bool found, uint32 id) = administrates(msg.sender);
        if (!found) revert NotAdministrator(msg.sender);
        return id;
    }

    function _active(uint32 id) private view returns (Member storage m) {
        m = _members[id];
        if (!m.active) revert NoSuchMember(id);
    }

    function _requirePower(uint64 power) private pure {
        if (power == 0 || power > MAX_POWER) revert BadPower(power);
    }

    function _setGovernance(uint32 id, Member storage m, address account) private {
        address before = m.governance;
        if (before == account) return;
        if (account == address(0) || _governs[account] != 0 || (_operates[account] != 0 && _operates[account] != id + 1)) revert AccountTaken(account);
        if (before != address(0)) {
            delete _governs[before];
            if (_operates[before] != id + 1) PERMISSIONS.setOfficial(before, id, false);
        }
        _governs[account] = id + 1;
        m.governance = account;
        PERMISSIONS.setOfficial(account, id, true);
        emit GovernanceChanged(id, account);
    }

    function _setOperations(uint32 id, Member storage m, address account) private {
        address before = m.operations;
        if (before == account) return;
        if (account == address(0) || _operates[account] != 0 || (_governs[account] != 0 && _governs[account] != id + 1)) revert AccountTaken(account);
        if (before != address(0) && _operates[before] == id + 1) {
            delete _operates[before];
            if (_governs[before] != id + 1) PERMISSIONS.setOfficial(before, id, false);
        }
        _operates[account] = id + 1;
        m.operations = account;
        PERMISSIONS.setOfficial(account, id, true);
        emit OperationsChanged(id, account);
    }

    function _enter(bytes32 key, Node storage n) private {
        n.status = NodeStatus.Active;
        n.index = uint32(_activeKeys.length);
        n.since = uint48(block.number);
        _activeKeys.push(key);
        validatorsRevision++;
        emit NodeActivated(n.member, key, n.power);
    }

    /// @dev A key that was retired is never taken again.
    function _retire(bytes32 key) private {
        Node storage n = _nodes[key];
        if (n.status == NodeStatus.Active) {
            uint256 last = _activeKeys.length - 1;
            if (last == 0) revert LastNode();
            bytes32 moved = _activeKeys[last];
            _activeKeys[n.index] = moved;
            _nodes[moved].index = n.index;
            _activeKeys.pop();
            validatorsRevision++;
        }
        n.status = NodeStatus.Retired;
        emit NodeRetired(n.member, key);
    }

    function _recent(uint64 height) private view returns (bytes32 hash) {
        if (height >= block.number || height + MAX_BINDING_AGE < block.number) revert StaleBinding(height);
        hash = height == 0 ? genesisHash : blockhash(height);
        if (hash == 0) revert StaleBinding(height);
    }

    function _requireSigned(uint32 id, bytes32 key, uint64 height, bytes32 hash, bytes calldata proof) private view {
        if (proof.length != 64) revert BadProof(key);
        (bool done, bytes memory answer) = ED25519.staticcall(abi.encodePacked(key, proof, BINDING, genesisHash, id, key, height, hash));
        if (!done || answer.length != 32 || bytes32(answer) != bytes32(uint256(1))) revert BadProof(key);
    }
}
