/** What a JSON-RPC call answers instead of a result; the codes are those of the nodes (JSON-RPC 2.0, EIP-1474, Geth). */
export class RpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
    this.name = 'RpcError';
  }
}

export const CODES = { invalidRequest: -32600, invalidParams: -32602, methodNotFound: -32601, internal: -32603, server: -32000, limitExceeded: -32005 } as const;

export const invalidParams = (message: string): RpcError => new RpcError(CODES.invalidParams, message);
export const serverError = (message: string): RpcError => new RpcError(CODES.server, message);
export const limitExceeded = (message: string): RpcError => new RpcError(CODES.limitExceeded, message);
