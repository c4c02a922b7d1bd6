/** What we use of Swagger UI; the package has no types of its own. */
declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  interface Sent {
    url: string;
    headers: Record<string, string>;
  }
  /** Its own copy of React. */
  interface System {
    React: { createElement: (type: string, props: null, text: string) => unknown };
  }
  /** Replaces functions and parts of the viewer by name. */
  interface Plugin {
    fn: Record<string, unknown>;
    wrapComponents: Record<string, (original: unknown) => (props: { text: string }) => unknown>;
  }
  interface Options {
    url: string;
    domNode: HTMLElement;
    deepLinking?: boolean;
    docExpansion?: 'none' | 'list' | 'full';
    defaultModelsExpandDepth?: number;
    displayRequestDuration?: boolean;
    filter?: boolean;
    persistAuthorization?: boolean;
    syntaxHighlight?: boolean;
    validatorUrl?: string | null;
    requestInterceptor?: (request: Sent) => Sent;
    onComplete?: () => void;
    plugins?: readonly ((system: System) => Plugin)[];
  }
  const SwaggerUI: (options: Options) => unknown;
  export default SwaggerUI;
}
