import type { Bytes, Log } from '#ledger';

/** Hears what no message between frames tells, while a transaction is traced. */
export interface OpcodeListener {
  /** The frame that runs has made this log. */
  logged(log: Log): void;
  /** The contract gives what it has to the beneficiary and ends; nothing can fail any more. */
  selfDestructs(contract: Bytes, beneficiary: Bytes): void;
}
