import { compileContract, type CompiledContract } from '../../scripts/demo/contract.js';

const SOURCE = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

contract Stock {
    error TooFew(uint256 asked, uint256 there);

    event Moved(address indexed by, int256 change, uint256 left);

    uint256 public left;

    constructor(uint256 first) { left = first; }

    function put(uint256 count) external {
        require(count > 0, "nothing to put");
        left += count;
        emit Moved(msg.sender, int256(count), left);
    }

    function take(uint256 count) external {
        if (count > left) revert TooFew(count, left);
        left -= count;
        emit Moved(msg.sender, -int256(count), left);
    }
}
`;

let compiled: CompiledContract | undefined;

/** A store of goods: an event, a reason in words, and an error with values. */
export const stockContract = (): CompiledContract => (compiled ??= compileContract('Stock', SOURCE));
