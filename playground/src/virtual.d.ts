/** The modules that the plugins in build/ make. */
declare module "virtual:rules" {
  const rules: import("./rules/rule").Rule[];
  export default rules;
}

declare module "virtual:examples" {
  const examples: import("./state/examples").Example[];
  export default examples;
}

/** The version of the workspace: recipes are referred to by its tag. */
declare const VERSION: string;
