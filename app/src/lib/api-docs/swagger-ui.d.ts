/** What we use of Swagger UI; the package has no types of its own. */
declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  interface Sent {
    url: string;
    headers: Record<string, string>;
    credentials?: string;
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
    withCredentials?: boolean;
    requestInterceptor?: (request: Sent) => Sent;
    onComplete?: () => void;
    /** Each may replace functions of the viewer by name. */
    plugins?: readonly (() => { fn: Record<string, unknown> })[];
  }
  const SwaggerUI: (options: Options) => unknown;
  export default SwaggerUI;
}
