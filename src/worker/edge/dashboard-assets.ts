/** The dashboard's files, which the bundle carries as text: the Worker has no file system. */
/* oxlint-disable import/default -- with the type `text` the default export is the file itself */
import charts from '../../dashboard/assets/charts.js' with { type: 'text' };
import dashboardStyle from '../../dashboard/assets/dashboard.css' with { type: 'text' };
import dashboard from '../../dashboard/assets/dashboard.js' with { type: 'text' };
import headerNotes from '../../dashboard/assets/header-notes.js' with { type: 'text' };
import icon from '../../dashboard/assets/icon.svg' with { type: 'text' };
import playground from '../../dashboard/assets/playground.js' with { type: 'text' };
import reportsStyle from '../../dashboard/assets/reports.css' with { type: 'text' };
import timeZone from '../../dashboard/assets/time-zone.js' with { type: 'text' };
import uplot from 'uplot/dist/uPlot.iife.min.js' with { type: 'text' };
import uplotStyle from 'uplot/dist/uPlot.min.css' with { type: 'text' };
import { assetsOf, uplotModule, type Assets } from '../../dashboard/assets.ts';

export const dashboardAssets = (): Assets =>
  assetsOf({
    'charts.js': charts,
    'dashboard.css': dashboardStyle,
    'dashboard.js': dashboard,
    'header-notes.js': headerNotes,
    'icon.svg': icon,
    'playground.js': playground,
    'reports.css': reportsStyle,
    'time-zone.js': timeZone,
    'uplot.css': uplotStyle,
    'uplot.js': uplotModule(uplot),
  });
