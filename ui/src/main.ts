import './styles/tokens.css';
import './styles/base.css';
import '@xyflow/svelte/dist/base.css';
import './styles/flow.css';
import { mount } from 'svelte';
import App from './App.svelte';

const target = document.getElementById('app');
if (target) mount(App, { target });
