/** The process of one node, configured by the environment. */
import './node-warnings.ts';
import { randomId, systemClock } from './clock.ts';
import { readConfig } from './config.ts';
import { runNode } from './node-process.ts';
import { distributedProfile } from './profiles/distributed.ts';
import { embeddedProfile } from './profiles/embedded.ts';
import { mongoRecords } from './profiles/mongo-records.ts';

runNode(
  () => readConfig(process.env),
  async (config, logger, reports) => {
    const made = { clock: systemClock, makeId: randomId };
    if (config.distributed === null) return embeddedProfile({ config, journal: reports.journal, ...made });
    const { redis, mongodb } = config.distributed;
    const records = await mongoRecords(mongodb, logger, reports.mongodb);
    return distributedProfile({ redis, records, logger, reports, ...made });
  },
);
