import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./style.css";

import { GraphiQL } from "graphiql";
import { useMemo } from "react";
import { createRoot } from "react-dom/client";

import { defaultTabs } from "./default-tabs";
import { createFetcher } from "./fetcher";
import { KeepInView } from "./keep-in-view";
import { TokenField, useToken } from "./token";

function App() {
  const [token, setToken] = useToken();
  // GraphiQL fetches the schema again whenever it is given another fetcher.
  const fetcher = useMemo(() => createFetcher(token), [token]);
  return (
    <GraphiQL fetcher={fetcher} defaultTabs={defaultTabs} defaultEditorToolsVisibility="variables">
      <GraphiQL.Logo>
        <TokenField token={token} onChange={setToken} />
        {/* Shows nothing. It is here because GraphiQL's state is available to its children only. */}
        <KeepInView />
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

createRoot(document.getElementById("root")!).render(<App />);
