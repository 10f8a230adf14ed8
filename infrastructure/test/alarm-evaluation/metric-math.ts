/** A value in one period; without one there was no data. */
export type Point = number | undefined;

const tokenPattern = /\s*(\d+(?:\.\d+)?|[A-Za-z_]\w*|[-+*/<>(),])/y;

/**
 * The part of CloudWatch's metric math that our alarms use, in one period: arithmetic, comparison, IF and FILL. What is
 * computed from no data is no data (Amazon CloudWatch User Guide, "Using math expressions with CloudWatch metrics").
 * @throws {SyntaxError} at everything else.
 */
export function evaluateMath(expression: string, metrics: Record<string, Point>): Point {
  const tokens = tokensOf(expression);
  const peek = () => tokens[0];
  const take = (expected?: string): string => {
    const token = tokens.shift();
    if (token === undefined || (expected !== undefined && token !== expected))
      throw new SyntaxError(`${expression}: "${expected ?? 'more'}" expected, not "${token ?? 'the end'}".`);
    return token;
  };

  const list = (): Point[] => {
    take('(');
    const values = [comparison()];
    while (peek() === ',') {
      take(',');
      values.push(comparison());
    }
    take(')');
    return values;
  };
  const primary = (): Point => {
    if (peek() === '(') {
      const [value] = list();
      return value;
    }
    const token = take();
    if (/^\d/.test(token)) return Number(token);
    if (peek() === '(') return call(token, list());
    if (!(token in metrics)) throw new SyntaxError(`${expression}: there is no metric "${token}".`);
    return metrics[token];
  };
  const chain = (operators: Record<string, (a: number, b: number) => number>, operand: () => Point) => () => {
    let left = operand();
    for (let apply = operators[peek() ?? '']; apply; apply = operators[peek() ?? '']) {
      take();
      const right = operand();
      left = left === undefined || right === undefined ? undefined : apply(left, right);
    }
    return left;
  };
  const product = chain({ '*': (a, b) => a * b, '/': (a, b) => a / b }, primary);
  const sum = chain({ '+': (a, b) => a + b, '-': (a, b) => a - b }, product);
  const comparison: () => Point = chain({ '>': (a, b) => Number(a > b), '<': (a, b) => Number(a < b) }, sum);

  const value = comparison();
  if (tokens.length > 0) throw new SyntaxError(`${expression}: "${tokens.join(' ')}" is too much.`);
  return value;
}

function tokensOf(expression: string): string[] {
  const tokens: string[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < expression.length) {
    const at = tokenPattern.lastIndex;
    const [, token] = tokenPattern.exec(expression) ?? [];
    if (token === undefined) throw new SyntaxError(`${expression}: what is at ${at}?`);
    tokens.push(token);
  }
  return tokens;
}

function call(name: string, [first, second, third]: Point[]): Point {
  if (name === 'IF') return first === undefined ? undefined : first !== 0 ? second : third;
  if (name === 'FILL') return first ?? second;
  throw new SyntaxError(`${name} is not known here.`);
}
