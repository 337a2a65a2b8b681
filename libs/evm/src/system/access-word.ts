/** The bits of an account's word in Permissions, as Permissions.sol writes them. */
export const TRANSACT = 1n;
export const DEPLOY = 2n;
export const ONLY_ROLES = 4n;
/** A governance or operations account of a member. */
export const OFFICIAL = 8n;
/** The account has asked a member to take it, which changes nothing yet. */
export const ASKED = 16n;
const BOUND = 32n;
/** First bit of the member's id, 32 bits. */
export const MEMBER_AT = 8n;
/** First bit of up to six role ids of 32 bits each; 0 is none. */
export const ROLES_AT = 64n;
export const MAX_ROLES = 6;

export const OFFICIAL_WORD = TRANSACT | DEPLOY | OFFICIAL | BOUND;
