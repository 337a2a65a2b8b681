// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// Ends whoever runs it in its own name.
contract Ender {
    fallback() external {
        selfdestruct(payable(msg.sender));
    }
}

/// A contract of whatever code its maker names; it may end with the transaction that makes it, and has its code until then (EIP-6780).
contract Guise {
    constructor() {
        Swapper maker = Swapper(msg.sender);
        if (maker.passing()) {
            (bool done, ) = maker.ender().delegatecall("");
            require(done);
        }
        bytes memory code = maker.code();
        assembly { return(add(code, 32), mload(code)) }
    }
}

/// A member's governance account that is a contract, and puts other code where its fellows have approved some.
contract Swapper {
    bytes public code;
    bool public passing;
    address public immutable ender = address(new Ender());

    function place() public view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), address(this), bytes32(0), keccak256(type(Guise).creationCode))))));
    }

    /// Makes the guise, calls, and the guise is gone.
    function during(bytes calldata code_, address target, bytes calldata data) external {
        (code, passing) = (code_, true);
        new Guise{salt: 0}();
        (bool done, bytes memory reason) = target.call(data);
        if (!done) assembly { revert(add(reason, 32), mload(reason)) }
    }

    function leave(bytes calldata code_) external {
        (code, passing) = (code_, false);
        new Guise{salt: 0}();
    }

    function relay(address target, bytes calldata data) external {
        (bool done, bytes memory reason) = target.call(data);
        if (!done) assembly { revert(add(reason, 32), mload(reason)) }
    }
}
