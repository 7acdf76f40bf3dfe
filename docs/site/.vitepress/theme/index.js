import DefaultTheme from 'vitepress/theme-without-fonts';
import './picture.css';
import './site.css';

export default DefaultTheme;
