/**
 * The OpenSearch driver against the stand-in, or against the cluster of `OPENSEARCH_URL`, whose indexes `longshore-test-…`
 * it makes and removes. Cases that need a cluster to misbehave run on the stand-in alone.
 */
import { randomUUID } from 'node:crypto';
import { Client } from '@opensearch-project/opensearch';
import { describeSearchIndex } from '@longshore/search/conformance';
import { openSearchIndex } from '@longshore/search/opensearch';
import { startStandIn } from './stand-in.ts';

const liveUrl = process.env['OPENSEARCH_URL'];

describeSearchIndex({
  name: liveUrl === undefined ? 'OpenSearch (stand-in)' : 'OpenSearch (live)',
  open: async () => {
    const standIn = liveUrl === undefined ? await startStandIn() : undefined;
    const client = new Client({ node: standIn?.url ?? liveUrl ?? '' });
    const name = `longshore-test-${randomUUID()}`;
    const open = async () => await openSearchIndex({ client, name, replicas: 0 });
    return {
      index: await open(),
      reopen: open,
      close: async () => {
        // By their names: a cluster may refuse patterns in what destroys.
        const { body } = await client.indices.get({ index: name });
        for (const made of Object.keys(body)) await client.indices.delete({ index: made });
        await client.close();
        await standIn?.stop();
      },
    };
  },
});
