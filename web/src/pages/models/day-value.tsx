import { useNavigate } from '@tanstack/react-router';
import { TriangleAlert } from 'lucide-react';
import { amountPattern, type ModelView } from '../../../../core/contracts/http/models.ts';
import type { HoldingGap } from '../../../../core/contracts/words/model-faults.ts';
import { addSymbol } from '../../actions/watch.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Percent } from '../../components/figures.tsx';
import { Moment } from '../../components/moment.tsx';
import { formatChange, formatFraction, formatPrice, formatShare, missing, plural } from '../../text/format.ts';
import styles from './models.module.css';

/** Why a holding counts in no value. */
const gapWords: Readonly<Record<HoldingGap, string>> = {
  unknown_symbol: 'nobody knows it',
  no_quote: 'no price has come yet',
  licence_forbids: 'the licence does not allow it to your key',
  no_change: 'its close before is not known',
};

export { gapWords };

/** What the amount of the close before is worth now. Where a price is missing there is no figure, but which are missing. */
export function DayValue({
  model,
  amount,
  onAmount,
}: {
  model: ModelView;
  amount: string;
  onAmount: (amount: string | undefined) => void;
}) {
  const { value } = model;
  const whole = value.now !== null;
  const [currency] = whole && value.currencies.length === 1 ? value.currencies : [];
  return (
    <section className={styles.value} aria-label="Value and change of the day">
      <div>
        <p className={styles.now}>
          <strong>{whole ? formatPrice(value.now, 2) : missing}</strong>
          {currency !== undefined && <span className={styles.currency}> {currency}</span>}
        </p>
        {whole ? (
          <p className={styles.change}>
            {formatChange(value.change, 2)} <Percent value={value.changeFraction} />
          </p>
        ) : (
          <p className={styles.change}>
            No value: {plural(value.missing.length, 'holding has', 'holdings have')} no price.
            {value.missing.length > 0 && (
              <>
                {' '}
                The others, {formatShare(value.pricedWeight)} of the model, add{' '}
                {formatFraction(value.pricedContribution)}.
              </>
            )}
          </p>
        )}
        <p className={styles.note}>
          {value.newestAsOf !== null && (
            <>
              Prices of <Moment at={value.newestAsOf} />
              {value.oldestAsOf !== value.newestAsOf && value.oldestAsOf !== null && (
                <>
                  , the oldest of <Moment at={value.oldestAsOf} />
                </>
              )}
              .{' '}
            </>
          )}
          {value.currencies.length > 1 &&
            `In ${value.currencies.join(', ')}: each moves in its own currency, rates between them are not counted.`}
        </p>
      </div>
      <label className={styles.amount}>
        Was worth at the close before
        <input
          type="text"
          inputMode="decimal"
          defaultValue={amount}
          key={amount}
          pattern={amountPattern.source}
          onBlur={({ target }) => target.validity.valid && onAmount(target.value === '100' ? undefined : target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') event.currentTarget.blur();
          }}
        />
      </label>
      <Missing model={model} />
    </section>
  );
}

/** What is missing or stale, by name, with what can be done. */
function Missing({ model: { value, holdings } }: { model: ModelView }) {
  const refusal = useRefusal();
  const navigate = useNavigate();
  const show = (symbol: string) => void navigate({ to: '/market/$symbol', params: { symbol } });
  if (value.missing.length === 0 && value.stale.length === 0) return null;
  return (
    <ul className={styles.missing} aria-label="Missing and stale prices">
      {value.missing.map(({ symbol, gap }) => {
        const near = holdings.find((each) => each.symbol === symbol)?.near ?? [];
        return (
          <li key={symbol}>
            <TriangleAlert aria-hidden="true" />
            <span>
              <bdi>{symbol}</bdi>: {gapWords[gap]}.{near.length > 0 && ` Did you mean ${near.join(', ')}?`}
            </span>
            {gap === 'unknown_symbol' && near.length === 0 && (
              <Button look="plain" refusal={refusal} onClick={() => void addSymbol(symbol, show)}>
                Collect {symbol}
              </Button>
            )}
          </li>
        );
      })}
      {value.stale.length > 0 && (
        <li>
          <TriangleAlert aria-hidden="true" />
          <span>
            Stale, and counted as {value.stale.length === 1 ? 'it is' : 'they are'}: {value.stale.join(', ')}.
          </span>
        </li>
      )}
    </ul>
  );
}
