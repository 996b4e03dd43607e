import { describeLiveStore } from '../suites/live-store-suite.ts';
import { makeEmbedded } from '../support/embedded.ts';

describeLiveStore('embedded', makeEmbedded);
