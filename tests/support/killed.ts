/** Stops what does the n-th call of its ports: before it, or after it and before the answer. */
export function killed<Ports extends object>(
  ports: Ports,
  at: { left: number; when: string; what: Set<string> },
): Ports {
  return new Proxy(ports, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return async (...given: unknown[]) => {
        const isLast = --at.left === 0;
        if (isLast) at.what.add(`${String(name)} ${at.when}`);
        if (isLast && at.when === 'before') throw new Error('killed');
        const answer: unknown = await Reflect.apply(method, target, given);
        if (isLast) throw new Error('killed');
        return answer;
      };
    },
  });
}
