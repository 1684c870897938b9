/** Every source, on a line of its own: the one list of them. */
export { alphaVantage } from './alpha-vantage/source.ts';
export { coingecko } from './coingecko/source.ts';
export { demoBroker } from './demo-broker/source.ts';
export { slickcharts } from './slickcharts/source.ts';
export { yahoo } from './yahoo/source.ts';
