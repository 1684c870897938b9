import {
  CandlestickSeries,
  ColorType,
  createChart,
  createSeriesMarkers,
  HistogramSeries,
  type IChartApi,
  LineSeries,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import { memo, useEffect, useMemo, useRef, useState } from 'react';
import type { FindingView } from '../../../../core/contracts/http/findings.ts';
import type { BarsView, BarView } from '../../../../core/contracts/http/market.ts';
import { evidenceInWords, proposalInWords } from '../../../../core/contracts/words/evidence-words.ts';
import { formatFraction, formatPrice, formatVolume, missing, numberOf, plural } from '../../text/format.ts';
import styles from './candles.module.css';

interface Candle {
  /** A day, or of bars of less than one seconds since 1970. */
  readonly time: string | UTCTimestamp;
  /** The same as people read it. */
  readonly label: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly bar: BarView;
}

/**
 * Bars as candles with their volume below. The chart draws on a canvas, so its colours are read from the tokens
 * and read again when the theme changes; the same figures are in a table for those who cannot see a canvas.
 */
export default function Candles({
  bars,
  others,
  findings,
  decimals,
}: {
  bars: BarsView;
  /** The same of other sources, whose closes are lines. */
  others: readonly BarsView[];
  /** Those that wait for a decision. */
  findings: readonly FindingView[];
  decimals: number;
}) {
  const holder = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<BarView | null>(null);
  const [thin, setThin] = useState(false);
  const candles = useMemo(() => candlesOf(bars.bars), [bars]);
  const shown = pointed ?? candles.at(-1)?.bar ?? null;
  const closes = useMemo(
    () => others.map(({ bars: of }) => new Map(of.map((bar) => [labelOf(bar), bar.close]))),
    [others],
  );

  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const chart = createChart(element, {
      autoSize: true,
      localization: { locale: 'en-US', priceFormatter: (price: number) => formatPrice(price, decimals) },
      layout: { attributionLogo: false },
      // Vertical touch moves scroll the page; the wheel and two fingers zoom.
      handleScroll: { vertTouchDrag: false },
      timeScale: {
        minBarSpacing: 0.05,
        timeVisible: bars.bars.some(({ date }) => date === null),
        secondsVisible: false,
      },
    });
    const applyTheme = draw(chart, element, { data: candles, bars, others, decimals, onThin: setThin });
    const byTime = new Map<string | number, BarView>(candles.map((candle) => [candle.time, candle.bar]));
    chart.subscribeCrosshairMove(({ time }) =>
      setPointed((time !== undefined && typeof time !== 'object' && byTime.get(time)) || null),
    );
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', applyTheme);
    const themed = new MutationObserver(applyTheme);
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      dark.removeEventListener('change', applyTheme);
      themed.disconnect();
      chart.remove();
    };
  }, [candles, bars, others, decimals]);

  return (
    <figure className={styles.figure}>
      {shown && (
        <p className={styles.readout}>
          <span>{labelOf(shown)}</span>
          <Value name="O" value={formatPrice(shown.open, decimals)} />
          <Value name="H" value={formatPrice(shown.high, decimals)} />
          <Value name="L" value={formatPrice(shown.low, decimals)} />
          <Value name="C" value={formatPrice(shown.close, decimals)} />
          <Value name="Vol" value={formatVolume(shown.volume)} />
          {others.map(({ source }, at) => (
            <span key={source}>
              <i className={styles.line} data-line={at % lines.length} />
              <Value name={source} value={besideOf(shown, closes[at]?.get(labelOf(shown)), decimals)} />
            </span>
          ))}
        </p>
      )}
      {shown && shown.findings.length > 0 && (
        <p className={styles.doubt}>
          <bdi>{doubtOf(shown, findings)}</bdi>
        </p>
      )}
      <div ref={holder} className={styles.chart} aria-hidden="true" />
      <figcaption className={styles.caption}>
        <details>
          <summary>As a table</summary>
          <BarTable candles={candles} others={others} closes={closes} decimals={decimals} />
        </details>
        {thin && <span>Closes as a line: candles would be thinner than a pixel. Zoom in for them.</span>}
        <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          Charts by TradingView
        </a>
      </figcaption>
    </figure>
  );
}

/** The figures of the chart. They are many, and stay as they are while the pointer moves over it. */
const BarTable = memo(function BarTable({
  candles,
  others,
  closes,
  decimals,
}: {
  candles: readonly Candle[];
  others: readonly BarsView[];
  /** Of each other source, by label. */
  closes: readonly ReadonlyMap<string, BarView['close']>[];
  decimals: number;
}) {
  return (
    <div className={styles.scroller}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th>Time</th>
            <th>Open</th>
            <th>High</th>
            <th>Low</th>
            <th>Close</th>
            <th>Volume</th>
            {others.map(({ source }) => (
              <th key={source}>{source}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {candles.toReversed().map(({ label, bar }) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td>{formatPrice(bar.open, decimals)}</td>
              <td>{formatPrice(bar.high, decimals)}</td>
              <td>{formatPrice(bar.low, decimals)}</td>
              <td>{formatPrice(bar.close, decimals)}</td>
              <td>{formatVolume(bar.volume)}</td>
              {closes.map((of, at) => (
                <td key={others[at]?.source}>{formatPrice(of.get(label) ?? null, decimals)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
});

function Value({ name, value }: { name: string; value: string }) {
  return (
    <span>
      <span className={styles.name}>{name}</span> {value}
    </span>
  );
}

/** The close of another source, and how far it is from the bar's. */
function besideOf({ close }: BarView, other: BarView['close'] | undefined, decimals: number): string {
  if (other === undefined) return missing;
  const [own, theirs] = [numberOf(close), numberOf(other)];
  const apart = own === null || theirs === null || own === 0 ? '' : ` (${formatFraction(theirs / own - 1)})`;
  return formatPrice(other, decimals) + apart;
}

/** What speaks against a bar and what it should be, in words; a finding that is decided is only counted. */
function doubtOf({ findings: ids }: BarView, findings: readonly FindingView[]): string {
  const open = findings.filter(({ id }) => ids.includes(id));
  if (open.length === 0) return `In doubt, or repaired: ${plural(ids.length, 'finding')}.`;
  return open
    .map(
      ({ evidence, proposal }) =>
        evidenceInWords(evidence) + (proposal === null ? '' : ` Should be: ${proposalInWords(proposal)}.`),
    )
    .join(' ');
}

/** A day as it is, a time of day with it, in UTC. */
function labelOf({ date, startsAt }: BarView): string {
  return date ?? `${startsAt.slice(0, 10)} ${startsAt.slice(11, 16)} UTC`;
}

/** One candle a bar, in order. A bar with a close alone is a candle without a body. */
function candlesOf(bars: readonly BarView[]): Candle[] {
  const byLabel = new Map<string, Candle>();
  for (const bar of bars) {
    const close = numberOf(bar.close);
    if (close === null) continue;
    const label = labelOf(bar);
    byLabel.set(label, {
      // The chart's own type of a time: seconds, marked as such.
      time: bar.date ?? ((Date.parse(bar.startsAt) / 1_000) as UTCTimestamp),
      label,
      open: numberOf(bar.open) ?? close,
      high: numberOf(bar.high) ?? close,
      low: numberOf(bar.low) ?? close,
      close,
      bar,
    });
  }
  return [...byLabel.values()].toSorted((a, b) => (a.label < b.label ? -1 : 1));
}

/** Of the lines of other sources, as `candles.module.css` has them. */
const lines = ['--accent', '--limited', '--degraded'] as const;

/** Pixels from one bar to the next below which a candle has no body to be seen. */
const thinnest = 2;

/** Adds the series to the chart, and shows closes as a line wherever candles would be too thin. Returns the function that applies the colours of the current theme. */
function draw(
  chart: IChartApi,
  element: HTMLElement,
  {
    data,
    bars,
    others,
    decimals,
    onThin,
  }: {
    data: readonly Candle[];
    bars: BarsView;
    others: readonly BarsView[];
    decimals: number;
    onThin: (thin: boolean) => void;
  },
): () => void {
  const priceFormat = { type: 'price', precision: decimals, minMove: 10 ** -decimals } as const;
  const candles = chart.addSeries(CandlestickSeries, { borderVisible: false, priceFormat });
  const closes = chart.addSeries(LineSeries, { lineWidth: 1, visible: false, priceFormat });
  const volume = chart.addSeries(HistogramSeries, {
    priceScaleId: 'volume',
    priceFormat: { type: 'volume' },
    lastValueVisible: false,
    priceLineVisible: false,
  });
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
  chart.priceScale('right').applyOptions({ scaleMargins: { top: 0.1, bottom: 0.26 } });
  const beside = others.map((other) => {
    const line = chart.addSeries(LineSeries, { lineWidth: 1, priceLineVisible: false, lastValueVisible: false });
    line.setData(candlesOf(other.bars).map(({ time, close }) => ({ time, value: close })));
    return line;
  });
  const marks = [candles, closes].map((series) => createSeriesMarkers<Time>(series, []));
  candles.setData(data.map(({ time, open, high, low, close }) => ({ time, open, high, low, close })));
  closes.setData(data.map(({ time, close }) => ({ time, value: close })));
  const chooseForm = () => {
    const thin = chart.timeScale().options().barSpacing < thinnest;
    if (thin === closes.options().visible) return;
    candles.applyOptions({ visible: !thin });
    closes.applyOptions({ visible: thin });
    onThin(thin);
  };
  onThin(false);
  chart.timeScale().subscribeVisibleLogicalRangeChange(chooseForm);
  // All of the range that was chosen; the wheel and two fingers show parts of it.
  chart.timeScale().fitContent();

  const applyTheme = () => {
    const colour = colours(element);
    chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: colour('--canvas') },
        textColor: colour('--muted'),
        fontFamily: getComputedStyle(element).fontFamily,
        fontSize: 11,
      },
      grid: { vertLines: { visible: false }, horzLines: { color: colour('--line') } },
      crosshair: {
        vertLine: { color: colour('--edge'), labelBackgroundColor: colour('--muted') },
        horzLine: { color: colour('--edge'), labelBackgroundColor: colour('--muted') },
      },
      // A label that would not fit at the top or bottom is left out, not cut.
      rightPriceScale: { borderVisible: false, entireTextOnly: true },
      timeScale: { borderColor: colour('--line') },
    });
    const [up, down] = [colour('--up'), colour('--down')];
    candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
    closes.applyOptions({ color: colour('--text') });
    const markers = markersOf(data, bars, { action: colour('--accent'), doubt: colour('--degraded') });
    for (const each of marks) each.setMarkers(markers);
    for (const [at, line] of beside.entries())
      line.applyOptions({ color: colour(lines[at % lines.length] ?? '--muted') });
    const quiet = colour('--line');
    volume.setData(
      data.map(({ time, bar }) => {
        const value = numberOf(bar.volume);
        return value === null ? { time } : { time, value, color: quiet };
      }),
    );
  };
  applyTheme();
  return applyTheme;
}

/** Dividends (D) and splits (S) below the bars of their days, and a sign above bars that a finding speaks against. */
function markersOf(
  data: readonly Candle[],
  { actions }: BarsView,
  colour: { action: string; doubt: string },
): SeriesMarker<Time>[] {
  const days = data.map(({ bar }) => bar.date ?? bar.startsAt.slice(0, 10));
  const ofActions = actions.flatMap(({ type, exDate }): SeriesMarker<Time>[] => {
    // Of weeks and months, the bar in which the day is; of the day itself otherwise.
    const at = days.findLastIndex((day) => day <= exDate);
    const candle = data[at];
    if (!candle || (at === 0 && days[0] !== exDate)) return [];
    const text = type === 'split' ? 'S' : 'D';
    return [{ time: candle.time, position: 'belowBar', shape: 'circle', color: colour.action, size: 0.6, text }];
  });
  const ofFindings = data
    .filter(({ bar }) => bar.findings.length > 0)
    .map(
      ({ time }): SeriesMarker<Time> => ({
        time,
        position: 'aboveBar',
        shape: 'arrowDown',
        color: colour.doubt,
        size: 0.6,
        text: '?',
      }),
    );
  return [...ofActions, ...ofFindings].toSorted((a, b) => (a.time < b.time ? -1 : 1));
}

/** Resolves a token to its current colour: a canvas does not understand `light-dark()`. */
function colours(element: HTMLElement): (token: string) => string {
  const probe = document.createElement('span');
  return (token) => {
    element.append(probe);
    probe.style.color = `var(${token})`;
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  };
}
