/** Style sheets are minified by the build and bundled as text. */
declare module "*.css" {
  const text: string;
  export default text;
}
