import { declare } from "./declaration.js";
import { closeDialog, openDialog } from "./dialog.js";
import { ready } from "./kit.js";
import { news } from "./news.js";
import { placeholder } from "./placeholder.js";
import { notice, offer } from "./strip.js";

ready({ show: openDialog, hide: closeDialog, hold: placeholder, declare, notice, offer, news });
