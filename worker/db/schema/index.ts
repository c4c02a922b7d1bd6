export * from './bridges';
export * from './crm';
export * from './campaigns';
export * from './operators';
export * from './people';
export * from './phones';
export * from './pipelines';
export * from './tenants';
