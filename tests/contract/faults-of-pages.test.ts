import { eachFault } from '../support/fault-suite.ts';
import { recoveryWorld } from '../support/recovery-world.ts';

eachFault('browser', recoveryWorld());
