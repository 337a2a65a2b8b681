import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { CodedError, type ChainView, type SignGenesisRequest } from '#contracts';
import { Chains, PersistenceError, withTenant, type ChainMemberRecord, type ChainRecord } from '#persistence';
import { verifyFounder } from '#sdk';
import type { TenantIdentity } from '../auth/identity.js';
import { DATABASE } from '../database.js';
import { chainView } from './chain.view.js';

interface WrittenGenesis {
  chain: ChainRecord;
  members: ChainMemberRecord[];
  file: Record<string, unknown>;
  genesisHash: string;
}

/** @throws CodedError `not_found`, or `genesis_not_ready` before the nodes' keys are known */
async function writtenGenesis(chains: Chains, chainId: string): Promise<WrittenGenesis> {
  const chain = await chains.get(chainId);
  if (chain === null) throw new CodedError('not_found');
  if (chain.genesisFile === null || chain.genesisHash === null) throw new CodedError('genesis_not_ready', 'the genesis is written once all nodes have enrolled');
  return { chain, members: await chains.members([chainId]), file: chain.genesisFile, genesisHash: chain.genesisHash };
}

/** The genesis and the founders' signatures over it: the root of trust of a chain. */
@Injectable()
export class GenesisService {
  constructor(@Inject(DATABASE) private readonly dataSource: DataSource) {}

  /** The `stele-genesis` file with the signatures given so far. */
  async read(caller: TenantIdentity, chainId: string): Promise<Record<string, unknown>> {
    return withTenant(this.dataSource, caller, async (manager) => {
      const { file, members } = await writtenGenesis(new Chains(manager, caller.tenantId), chainId);
      const founders = members.flatMap((member) =>
        member.founderSignature === null ? [] : [{ account: member.governanceAccount, signature: member.founderSignature }],
      );
      return { ...file, founders };
    });
  }

  /**
   * Takes a founder's signature, made outside with a key that the platform never sees. A member may hand in another
   * founder's: the signature counts, not who carries it.
   * @throws CodedError `founder_signature_invalid`, `conflict` where the founder has given another one
   */
  async sign(caller: TenantIdentity, chainId: string, body: SignGenesisRequest): Promise<ChainView> {
    return withTenant(this.dataSource, caller, async (manager) => {
      const chains = new Chains(manager, caller.tenantId);
      const { chain, members, genesisHash } = await writtenGenesis(chains, chainId);
      const founder = members.find((member) => member.role === 'founder' && member.governanceAccount === body.account);
      if (founder === undefined) throw new CodedError('founder_signature_invalid', 'the account is not the governance account of a founder');
      const signature = body.signature.toLowerCase();
      if (!verifyFounder(genesisHash, { account: body.account, signature })) {
        throw new CodedError('founder_signature_invalid', 'the signature is not one by this account over this genesis (EIP-191 personal_sign)');
      }
      try {
        await chains.storeFounderSignature(chainId, body.account, signature);
      } catch (error) {
        if (error instanceof PersistenceError && error.code === 'alreadySigned') throw new CodedError('conflict', 'this founder has signed already', { cause: error });
        throw error;
      }
      return chainView(chain, await chains.members([chainId]));
    });
  }
}
