import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonMember, jsonParts } from '../../../core/proxy/json-parts.ts';

it('the parts of a list and of an object stand as they were written', () => {
  expect(jsonParts(' [1.0, {"a": [2, "]"]} ,"x\\",y", null,[]]').map(({ text }) => text)).toEqual([
    ...['1.0', '{"a": [2, "]"]}', '"x\\",y"', 'null', '[]'],
  ]);
  expect(jsonParts('{"a" : 1E3,"b\\u0062":{"c":"\\\\"}}')).toEqual([
    { name: 'a', text: '1E3' },
    { name: 'bb', text: '{"c":"\\\\"}' },
  ]);
  for (const none of ['[]', '{ }', '12', '"[1]"', 'null']) expect(jsonParts(none)).toEqual([]);
  expect(jsonMember('{"a":1,"b":2,"a":3}', 'a')).toBe('3');
  expect(jsonMember('{"a":1}', 'b')).toBe('');
});

it('of any JSON, each part says what the whole says in its place', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, spaces) => {
      const parts = jsonParts(JSON.stringify(value, null, spaces));
      const inside =
        typeof value === 'object' && value !== null ? Object.entries(JSON.parse(JSON.stringify(value))) : [];
      expect(parts.map(({ text }) => JSON.parse(text))).toEqual(inside.map(([, each]) => each));
      if (!Array.isArray(value)) expect(parts.map(({ name }) => name)).toEqual(inside.map(([name]) => name));
    }),
  );
});
