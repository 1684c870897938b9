import { weightRounding } from '../../../../core/contracts/http/models.ts';
import { numberOf } from '../../text/format.ts';

/** Whether a sum of weights is shown as 100 %. */
export function isWhole(sum: number | string): boolean {
  return Math.abs((numberOf(sum) ?? 0) - 1) < weightRounding;
}
