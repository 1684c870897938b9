import fc from 'fast-check';

/** Some answers, an order to give them in, and up to `most` to give once more, by their places. */
export const inAnyOrder = <Answer>(answers: readonly Answer[], most = 3) =>
  fc.record({
    answers: fc.constant(answers),
    order: fc.shuffledSubarray(
      answers.map((_, place) => place),
      { minLength: answers.length },
    ),
    again: fc.array(fc.nat({ max: answers.length - 1 }), { maxLength: most }),
  });
