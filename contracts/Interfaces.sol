// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title The Consortium contract at 0x00000000000000000000000000000000005E1e01
interface IConsortium {
    enum NodeStatus { None, Registered, Active, Retired }
    enum ProposalState { None, Open, Passed }

    /// @param power of each of its nodes. @param nodesAllowed how many it may have. @param rotator whom it lets rotate its nodes' keys.
    struct Member {
        address governance;
        uint64 power;
        bool active;
        uint16 nodeCount;
        address operations;
        uint16 nodesAllowed;
        address rotator;
        uint32 rotatorMinSeconds;
        uint64 lastRotation;
        string name;
    }

    /// @param index place among the active keys. @param since height of its last change.
    struct Node {
        uint32 member;
        uint64 power;
        NodeStatus status;
        uint32 index;
        uint48 since;
    }

    /// @param target 1 Consortium, 2 Permissions. @param code the account whose code takes its place when `height` begins.
    struct Upgrade {
        uint64 height;
        uint8 target;
        address code;
    }

    struct Proposal {
        uint32 proposer;
        uint64 expiresAt;
        ProposalState state;
        bytes action;
        uint32[] voters;
        mapping(uint32 member => bool) yes;
    }

    /// @param yes votes of members that are members now.
    struct ProposalView {
        uint32 proposer;
        uint64 expiresAt;
        ProposalState state;
        uint32 yes;
        bytes action;
    }

    event Proposed(uint256 indexed id, uint32 indexed by, bytes action, uint64 expiresAt);
    event Voted(uint256 indexed id, uint32 indexed by, bool yes);
    event Passed(uint256 indexed id);
    event MemberAdmitted(uint32 indexed id, string name, address governance, address operations, uint64 power, uint16 nodes);
    event MemberRemoved(uint32 indexed id);
    event MemberChanged(uint32 indexed id, uint64 power, uint16 nodes);
    event GovernanceChanged(uint32 indexed id, address account);
    event OperationsChanged(uint32 indexed id, address account);
    event RulesChanged(uint16 thresholdBps, uint32 expirySeconds);
    event ParamsChanged(uint256 low, uint256 high);
    event UpgradePlanned(address indexed target, address code, bytes32 codeHash, uint64 height);
    event NodeRegistered(uint32 indexed member, bytes32 indexed key, uint64 power);
    event NodeActivated(uint32 indexed member, bytes32 indexed key, uint64 power);
    event NodeRetired(uint32 indexed member, bytes32 indexed key);
    event NodeRotated(uint32 indexed member, bytes32 indexed oldKey, bytes32 indexed newKey, address by);
    event RotationDelegated(uint32 indexed member, address operator, uint32 minSeconds);

    error OnlyByProposal();
    error NotGovernance(address account);
    error NotAdministrator(address account);
    error NoSuchMember(uint32 id);
    error NoSuchProposal(uint256 id);
    error ProposalClosed(uint256 id, ProposalState state);
    error ProposalExpired(uint256 id, uint64 expiresAt);
    error BadAction();
    error BadName();
    error BadPower(uint64 power);
    error BadRules();
    error BadParams();
    error BadUpgrade();
    error BadProof(bytes32 key);
    error StaleBinding(uint64 height);
    error KeyUsed(bytes32 key);
    error NotRegistered(bytes32 key);
    error TooManyNodes(uint256 used, uint256 allowed);
    error OneOwnerOnly();
    error LastMember();
    error LastNode();
    error AccountTaken(address account);
    error RotatedTooSoon(uint256 notBefore);

    /// @notice A member by its id: its place in genesis, or the order of admission after.
    function member(uint32 id) external view returns (Member memory);
    /// @notice A node by its Ed25519 key; status None where nobody has registered it.
    function node(bytes32 key) external view returns (Node memory);
    /// @notice The keys that shall vote, in no order.
    function activeKeys() external view returns (bytes32[] memory);
    /// @notice The parameters, packed as `setParams` takes them.
    function params() external view returns (uint256 low, uint256 high);
    /// @notice The last upgrade that was decided; it is over when its height is.
    function pendingUpgrade() external view returns (Upgrade memory);
    function proposal(uint256 id) external view returns (ProposalView memory);
    /// @notice Whose governance or operations account this is, among present members.
    function administrates(address account) external view returns (bool found, uint32 id);
    /// @notice Whose governance account this is, among present members.
    function governs(address account) external view returns (bool found, uint32 id);

    /// @notice Proposes a call of one of this contract's own functions, and votes for it. Governance accounts only.
    /// @param action selector and arguments of admit, remove, change, setAccounts, setRules, setParams, upgrade, setAccess or releaseAccount.
    function propose(bytes calldata action) external returns (uint256 id);
    /// @notice Votes, or changes a vote. The vote with which more than the threshold of members say yes carries the action out.
    function vote(uint256 id, bool yes) external;

    /// @notice Admits a member whose nodes, at most `nodes`, each have `power`.
    function admit(string calldata name, address governance, address operations, uint64 power, uint16 nodes) external returns (uint32 id);
    /// @notice Ends a membership: its nodes retire, its accounts lose every right.
    function remove(uint32 id) external;
    function change(uint32 id, uint64 power, uint16 nodes) external;
    /// @notice For a member that has lost its keys.
    function setAccounts(uint32 id, address governance, address operations) external;
    /// @param thresholdBps more than this share of members must say yes, in 1/10,000; 5000 is more than half.
    function setRules(uint16 thresholdBps, uint32 expirySeconds) external;
    /// @notice No interval or timeout may be above an hour, heartbeats not rarer than once in seven days,
    /// and a block may hold 1,000,000,000 gas at most.
    function setParams(uint256 low, uint256 high) external;
    /// @notice Gives Consortium or Permissions the code of another account when block `height` begins, instead of what waited until
    /// now. `code` may be `target` itself: then nothing changes, and what waited is called off.
    function upgrade(address target, address code, bytes32 codeHash, uint64 height) external;
    /// @param access 0: every account may transact; 1: members' accounts only.
    function setAccess(uint8 access) external;
    /// @notice Takes an account away from the member that bound it.
    function releaseAccount(address account) external;

    /// @notice Hands the caller's governance to another account.
    function changeGovernance(address governance) external;
    /// @notice Names another operations account; by governance.
    function changeOperations(address operations) external;
    /// @notice Reserves a key for a node of the caller's member.
    /// @param proof Ed25519 signature by `key` over the binding with height 0 and the genesis hash.
    function registerNode(bytes32 key, bytes calldata proof) external;
    /// @notice Makes a registered node a validator. Whoever sends it: the node's key says so.
    /// @param proof signature by `key` over the binding with a recent block's height and hash.
    function activate(bytes32 key, uint64 height, bytes calldata proof) external;
    /// @notice Takes a node of the caller's member out for good.
    function retireNode(bytes32 key) external;
    /// @notice Another key in the place of an active one, with its power and without a vote.
    function rotateNode(bytes32 oldKey, bytes32 newKey, uint64 height, bytes calldata proof) external;
    /// @notice Lets an operator rotate keys, once in `minSeconds`; the zero address ends that. By governance.
    function delegateRotation(address operator, uint32 minSeconds) external;
}

/// @title The Permissions contract at 0x00000000000000000000000000000000005e1e02
interface IPermissions {
    event AccessChanged(uint8 access);
    event OfficialChanged(address indexed account, uint32 indexed member, bool isOfficial);
    event Joined(address indexed account, uint32 indexed member);
    event AccountSet(address indexed account, uint32 indexed member, bool mayTransact, bool mayDeploy, bool onlyRoles);
    event AccountReleased(address indexed account);
    event RoleCreated(uint32 indexed role, uint32 indexed member, string name);
    event FunctionAllowed(uint32 indexed role, address indexed target, uint40 call, bool allowed);
    event RoleGranted(address indexed account, uint32 indexed role, bool granted);

    error OnlyConsortium();
    error NotAdministrator(address account);
    error NotYours(address account);
    error NotYourRole(uint32 role);
    error Unasked(address account);
    error TooManyRoles(address account);
    error BadAccess(uint8 access);

    /// @notice What the validators read of an account (docs/spec/system-contracts.md has the bits).
    function wordOf(address account) external view returns (uint256);
    /// @notice 0: every account may transact; 1: members' accounts only.
    function access() external view returns (uint8);
    /// @notice Whether a role allows a call. @param call the selector; 2^32 any function; 2^33 a call with less than four bytes.
    function allows(uint32 role, address target, uint40 call) external view returns (bool);

    /// @notice The caller asks a member to take it: on an open chain nobody is bound against its will.
    function join(uint32 member) external;
    /// @notice Binds an account to the caller's member, or changes its rights.
    function setAccount(address account, bool mayTransact, bool mayDeploy, bool onlyRoles) external;
    /// @notice Gives up an account of the caller's member.
    function releaseOwn(address account) external;
    function createRole(string calldata name) external returns (uint32 role);
    function allow(uint32 role, address target, uint40 call, bool allowed) external;
    /// @notice Gives a role to an account of the same member, at most six to each, or takes it back.
    function grant(address account, uint32 role, bool granted) external;

    /// @dev By Consortium.
    function setOfficial(address account, uint32 member, bool isOfficial) external;
    function memberLeft(uint32 member) external;
    function setAccess(uint8 access) external;
    function release(address account) external;
}
