import { eachFault } from './fault-suite.ts';
import { recoveryWorld } from './recovery-world.ts';

eachFault(['slickcharts', 'demo-broker'], recoveryWorld());
