/** The client half of what a ledger node speaks: pinned TLS 1.3, enrolment, control. For gateway, provisioner and tests. */
export { loadOrCreateSeed, makeIdentity, rawPublicKey, type TlsIdentity } from './identity.js';
export { connectPinned, parseEndpoint, peerKey, pinnedTlsOptions } from './pinned-tls.js';
export { ControlClient, NodeControlError, type ControlTarget, type NodeStatusReport, type PeerEndpoints } from './control-client.js';
