import { useGraphiQL } from "@graphiql/react";
import { useEffect } from "react";
import { isAtEnd } from "./at-end";

/** Shows the end of an answer that a subscription lets grow, until the reader scrolls up, and again once they are back at the end. */
export function KeepInView() {
  const editor = useGraphiQL(({ responseEditor }) => responseEditor);
  const isGrowing = useGraphiQL(({ subscription }) => subscription !== null);

  useEffect(() => {
    if (!editor || !isGrowing) return undefined;
    let isFollowed = true;
    const listeners = [
      editor.onDidScrollChange((place) => {
        // The text that has grown has moved its end, not the reader.
        if (!place.scrollHeightChanged) isFollowed = isAtEnd({ ...place, height: editor.getLayoutInfo().height });
      }),
      editor.onDidChangeModelContent(() => {
        if (isFollowed) editor.setScrollTop(editor.getScrollHeight());
      }),
    ];
    return () => {
      for (const listener of listeners) listener.dispose();
    };
  }, [editor, isGrowing]);

  return null;
}
