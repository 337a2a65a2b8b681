/** A route as it is registered: `:name` stands for one segment of the path. */
export interface Route {
  method: string | string[];
  url: string;
}

/** The methods of all routes whose path a URL has, sorted; none where no route has it. */
export function methodsOf(routes: readonly Route[], url: string): string[] {
  const segments = segmentsOf(url.split('?', 1)[0] ?? '');
  const found = routes.filter((route) => {
    const pattern = segmentsOf(route.url);
    return pattern.length === segments.length && pattern.every((part, i) => part.startsWith(':') || part === segments[i]);
  });
  return [...new Set(found.flatMap(({ method }) => method))].sort();
}

const segmentsOf = (path: string): string[] => path.replace(/\/+$/, '').split('/');
