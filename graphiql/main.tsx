import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./style.css";

import { GraphiQL } from "graphiql";
import { useMemo } from "react";
import { createRoot } from "react-dom/client";

import { Account } from "./account";
import { defaultTabs } from "./default-tabs";
import { createFetcher } from "./fetcher";
import { KeepInView } from "./keep-in-view";
import { SignIn } from "./sign-in";
import { usePerson } from "./use-person";

function App() {
  const { isAsked, person, oidc, problem, letIn, leave, askAgain } = usePerson();
  const key = person?.key ?? "";
  // GraphiQL fetches the schema again whenever it is given another fetcher.
  const fetcher = useMemo(() => createFetcher(key, askAgain), [key, askAgain]);
  if (!isAsked) return null;
  if (!person) return <SignIn key={problem} oidc={oidc} problem={problem} letIn={letIn} />;
  return (
    <GraphiQL fetcher={fetcher} defaultTabs={defaultTabs} defaultEditorToolsVisibility="variables">
      <GraphiQL.Logo>
        <Account person={person} letIn={letIn} leave={leave} />
        {/* Shows nothing. It is here because GraphiQL's state is available to its children only. */}
        <KeepInView />
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

createRoot(document.getElementById("root")!).render(<App />);
