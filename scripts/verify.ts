import { verifyCommand } from './verify/command.js';

process.exitCode = verifyCommand(process.argv.slice(2), console);
