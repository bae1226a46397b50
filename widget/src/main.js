import { boot } from "./boot.js";
import { safely } from "./safely.js";

safely(boot)();
