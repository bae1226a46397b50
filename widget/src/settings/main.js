import { closeDialog, openDialog } from "./dialog.js";
import { ready } from "./kit.js";

ready([openDialog, closeDialog]);
