import type { SummaryRefusal } from '../../contracts/words/summary-refusals.ts';
import { englishWords, sentenceStarts } from './english.ts';

/** Longest summary: the model is told 120 words. */
const mostCharacters = 1_500;
const mostWords = 200;
/** Of the words of an English text at least this share is among its most frequent ones. */
const leastEnglish = 0.2;

/** Controls but line breaks, and what turns, hides or joins text. */
const hidden = /[\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]|(?![\n\t])\p{Cc}/u;
const markup = /<[a-z!/?]|&(?:#\w+|[a-z]{2,8});|!\[|\]\s*[([]|```|~~~|\$\$|^\s*#{1,6}\s|^\s*\|.*\|/im;
const link =
  /[a-z][a-z0-9+.-]{1,20}:\/\/|\bwww\.|\bmailto:|\b(?:javascript|data|vbscript):\S|[\w.+-]+@\w|\b(?:\d{1,3}\.){3}\d{1,3}\b|\b[a-z0-9-]+\.(?:com|net|org|io|dev|app|co|info|biz|xyz|ru|cn|invalid|example|test|onion|ai|me|cc|top|site|online)\b/i;

/**
 * What text of a source may try to make a model say: words to models, commands to type, and calls to hand something over.
 * Those that the report itself advises are compared with it before.
 */
const instructions: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier|all|any|your|these|the)\b/i,
  /\b(?:system|developer)\s+(?:prompt|message)\b|\bnew instructions?\b|\bas an? (?:ai|assistant|language model)\b|\byou are now\b|\bjailbreak/i,
  /\b(?:curl|wget|sudo|chmod|chown|rm\s+-|bash|zsh|powershell|cmd\.exe|python3?|node|npm|npx|pip3?|docker|kubectl|aws|ssh|scp|psql|git)\s+\S/i,
  /\b(?:drop|truncate|delete|alter)\s+(?:table|from|database|schema|role|user|all)\b|\beval\s*\(|\bexec\s*\(/i,
  /\b(?:run|execute|type|enter|paste|copy)\b.{0,30}\b(?:command|script|code|following|below|terminal|shell|console)\b/i,
  /\b(?:click|tap|visit|browse|navigate|download|install|subscribe|sign up|log ?in at|go to|open the link|scan)\b/i,
  /\b(?:send|give|tell|post|forward|share|reveal|disclose|transfer|pay|wire|call|phone|e-?mail|text)\b.{0,40}\b(?:us|me|support|password|passwords|credentials?|keys?|tokens?|secrets?|money|bitcoin|funds|number|account)\b/i,
  /\b(?:disable|turn off|switch off|remove|weaken)\b.{0,40}\b(?:firewall|security|authentication|encryption|checks?|protection|alarms?|redaction|monitoring)\b/i,
  /\b(?:buy|sell|short)\s+(?:it|now|this|the|[A-Z]{2,})\b/,
];

/**
 * Why a text of a model cannot be shown as the summary of a report; `null` where it can. The model has read what sources
 * said: nothing of it is shown that is an address, markup, a command or a demand, or that names what the report does not
 * name. Better no summary than one that misleads.
 */
export function refusalOf(text: string, report: string): SummaryRefusal | null {
  const said = text.normalize('NFKC').trim();
  if (said === '') return 'empty';
  if (hidden.test(text) || markup.test(said)) return 'markup';
  if (said.length > mostCharacters || wordsOf(said).length > mostWords) return 'too_long';
  if (link.test(said)) return 'link';
  const own = withoutAdvised(said, report);
  if (instructions.some((each) => each.test(own))) return 'instruction';
  if (!isEnglish(said)) return 'other_language';
  return namesMore(own, report) ? 'not_in_report' : null;
}

/** Without the commands that the report itself advises: those are ours. */
function withoutAdvised(text: string, report: string): string {
  const commands = new Set([...report.matchAll(/`(npx quotron [^`]{1,200})`/g)].map(([, command = '']) => command));
  return [...commands]
    .sort((a, b) => b.length - a.length)
    .reduce((left, command) => left.replaceAll(command, ' '), text);
}

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{M}']+/gu) ?? [];
}

function isEnglish(text: string): boolean {
  const words = wordsOf(text).map((word) => word.toLowerCase());
  if (words.some((word) => /[^\p{Script=Latin}\p{M}']/u.test(word))) return false;
  const common = words.filter((word) => englishWords.has(word)).length;
  return common >= leastEnglish * words.length;
}

/** Whether it has a name, a symbol, a time or a number that the report does not have. */
function namesMore(text: string, report: string): boolean {
  const known = new Set(tokensOf(report).map((token) => token.toLowerCase()));
  const numbers = new Set(numbersOf(report));
  if (numbersOf(text).some((number) => !numbers.has(number))) return true;
  for (const sentence of text.split(/(?<=[.!?:;])\s+|\n+/)) {
    const [first, ...others] = tokensOf(sentence);
    if (others.some((token) => isName(token) && !known.has(token.toLowerCase()))) return true;
    const begins = first?.toLowerCase() ?? '';
    if (first !== undefined && isName(first) && !known.has(begins) && !sentenceStarts.has(begins)) return true;
  }
  return false;
}

/** Words, with the signs that symbols, ids and times have inside: `VOD.L`, `BRK-B`, `alpha-vantage`, `21:40`. */
function tokensOf(text: string): string[] {
  const joined = text.match(/[\p{L}\p{N}^][\p{L}\p{N}.=^_-]*[\p{L}\p{N}]|[\p{L}\p{N}]/gu) ?? [];
  return joined.flatMap((token) => [token, ...token.split(/[.=^_-]/).filter((part) => part !== '' && part !== token)]);
}

/** A name or a symbol has a capital. A number is compared as one. */
function isName(token: string): boolean {
  return /\p{Lu}/u.test(token) && token !== 'I' && token !== 'A';
}

function numbersOf(text: string): string[] {
  return (text.match(/\d+(?:[.,]\d+)*/g) ?? []).map((number) =>
    number
      .replaceAll(/,(?=\d{3}\b)/g, '')
      .replace(/^0+(?=\d)/, '')
      .replace(/\.0+$/, ''),
  );
}
