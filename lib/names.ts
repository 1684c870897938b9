/** `scrape-api` → `ScrapeApi`: for construct ids and outputs. */
export function pascalCase(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** The name that people see in the console: `quotron-prod-ingest`. */
export function physicalName(stage: string, name: string): string {
  return `quotron-${stage}-${name}`;
}
