/**
 * Seeds that failed once, with what was wrong then; every test run replays them. What a seed stands for changes with the way in
 * which plans are drawn, so each of these bugs has a test of its own as well: these are kept because they cost nothing.
 */
export const FAILED_SEEDS: readonly { seed: number; broken?: boolean; was: string }[] = [
  { seed: 116, was: 'the entry proof was lost when all crashed: nodes of less than a third were ahead, and nobody could follow' },
  { seed: 318, was: 'the same, of four nodes with one faulty' },
  { seed: 5135, was: 'a log that had lost the record before its last one was taken for a torn one: the node signed again' },
  { seed: 5132, was: 'evidence of a validator that had left made every block of its holder invalid: nobody proposed any more' },
  { seed: 202071, was: 'an old announcement that came after a newer one made the simulated shell believe that it was not behind' },
  { seed: 43583, was: 'the simulator took a node down after everything had healed, and told it nothing when it was back' },
  { seed: 10319, broken: true, was: 'of two commits the second stood in a proposal of the next height, and the shell did not show it to the machine (rule 17)' },
  { seed: 30300, broken: true, was: 'the simulator did not show a fork that came while others were shown' },
];
