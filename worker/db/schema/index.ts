export * from './bridges';
export * from './people';
export * from './phones';
export * from './tenants';
