import { eachFace } from '../support/fault-suite.ts';
import { recoveryWorld } from '../support/recovery-world.ts';

eachFace(recoveryWorld());
