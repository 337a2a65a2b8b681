/** The system contracts for viem, ethers and whatever reads ABIs. */
export { CONSORTIUM_ABI, CONSORTIUM_ADDRESS, PERMISSIONS_ABI, PERMISSIONS_ADDRESS, RECORDS_ABI, RECORDS_ADDRESS } from './abi.js';
